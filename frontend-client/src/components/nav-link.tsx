'use client'

import Link, { useLinkStatus } from 'next/link'
import type { ReactNode } from 'react'

/**
 * A link that shows while its page loads. A loading.tsx would do that too, but
 * a page that streams behind one stays empty in a browser without scripts.
 */
export function NavLink({ href, className, children }: { href: string; className?: string; children: ReactNode }) {
  return (
    <Link href={href} className={className} prefetch={false}>
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
