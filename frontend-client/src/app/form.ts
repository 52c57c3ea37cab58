/** What a form shows after a failed try. */
export type FormState = {
  message?: string
  /** What was typed, but for passwords. */
  values?: Record<string, string>
  /** What is wrong with which field. */
  fields?: Record<string, string>
}

/** A field of a form as it was typed; '' for one that was not sent, or is a file. */
export function text(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

/** What the API finds wrong, by field. */
export function faultsByField(errors: { field: string; message: string }[]): Record<string, string> {
  return Object.fromEntries(errors.map(({ field, message }) => [field, message]))
}
