'use client'

import Link, { useLinkStatus } from 'next/link'
import type { ReactNode } from 'react'

type Props = {
  href: string
  /** Whether it leads to where one is. */
  current?: boolean
  className?: string
  children: ReactNode
}

/**
 * A link that shows while its page loads. A loading.tsx would do that too, but
 * a page that streams behind one stays empty in a browser without scripts.
 */
export function NavLink({ href, current, className, children }: Props) {
  return (
    <Link href={href} className={className} prefetch={false} aria-current={current ? 'page' : undefined}>
      {children}
      <Pending />
    </Link>
  )
}

function Pending() {
  const { pending } = useLinkStatus()
  return pending ? (
    <span
      role="status"
      className="inline-block size-3 animate-spin rounded-full border-2 border-current border-t-transparent"
    >
      <span className="sr-only">Loading</span>
    </span>
  ) : null
}
