const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** One or two characters that stand for a user. */
export function initials({ name, email }: { name: string | null; email: string }): string {
  const words = (name ?? email).split(/\s+/).filter(Boolean)
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return ends
    .map((word) => first(word ?? ''))
    .join('')
    .toUpperCase()
}

// A character may be several code points: an emoji, or a letter and its accent.
function first(word: string): string {
  return [...segmenter.segment(word)][0]?.segment ?? ''
}
