/** The product's mark: a key. It says nothing that the name beside it does not. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" className="fill-plate" />
      <Key className="stroke-key" strokeWidth="2.8" />
    </svg>
  )
}

/** The key alone, large and quiet, where a wide window has room for it. */
export function LargeKey() {
  return (
    <svg viewBox="0 0 32 32" className="hidden w-72 shrink-0 lg:block" aria-hidden="true" focusable="false">
      <Key className="stroke-line" strokeWidth="1.2" />
    </svg>
  )
}

function Key({ className, strokeWidth }: { className: string; strokeWidth: string }) {
  return (
    <g
      className={`fill-none ${className}`}
      strokeWidth={strokeWidth}
      strokeLinecap="round"
      strokeLinejoin="round"
      transform="rotate(-45 16 16)"
    >
      <circle cx="9.4" cy="16" r="4.8" />
      <path d="M14.2 16H27M26.2 16v4M21 16v3" />
    </g>
  )
}
