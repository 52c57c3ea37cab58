/** What became of a form: a fault is told at once, what went well when it is convenient. */
export function Notice({ message, isFault }: { message: string; isFault: boolean }) {
  const dress = isFault ? 'border-danger-line bg-danger-soft text-danger' : 'border-line bg-brass-soft'
  return (
    <p role={isFault ? 'alert' : 'status'} className={`rounded-[10px] border px-4 py-3 ${dress}`}>
      {message}
    </p>
  )
}
