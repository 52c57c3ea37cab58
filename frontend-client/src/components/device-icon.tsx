/** A picture of the kind of device that a session is on, by its name. */
export function DeviceIcon({ client }: { client: string }) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 24 24"
      className="size-7 shrink-0 fill-none stroke-muted"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {shapeOf(client)}
    </svg>
  )
}

function shapeOf(client: string) {
  if (/ on (iPhone|iPad|Android|iOS)$/.test(client)) {
    return (
      <>
        <rect x="7" y="2.5" width="10" height="19" rx="2.2" />
        <path d="M11 18.5h2" />
      </>
    )
  }
  if (/ on /.test(client)) {
    return (
      <>
        <rect x="2.5" y="4" width="19" height="12.5" rx="2" />
        <path d="M8.5 20.5h7M12 16.5v4" />
      </>
    )
  }
  return (
    <>
      <rect x="2.5" y="4" width="19" height="16" rx="2" />
      <path d="m7 9 3 3-3 3M13 15h4" />
    </>
  )
}
