'use client'

import { usePathname } from 'next/navigation'
import { NavLink } from '@/components/nav-link'

const pages = [
  ['/account', 'Profile'],
  ['/account/password', 'Password'],
  ['/account/sessions', 'Sessions'],
] as const

/** Leads from one page of the account to the others. */
export function AccountNav() {
  const path = usePathname()
  const isCurrent = (href: string) => path === href || (href !== '/account' && path.startsWith(`${href}/`))
  return (
    <nav aria-label="Your account" className="mt-8 mb-6 flex gap-6 border-b border-line">
      {pages.map(([href, label]) => (
        <NavLink
          key={href}
          href={href}
          current={isCurrent(href)}
          className="-mb-px flex items-center gap-2 border-b-2 border-transparent pb-2.5 font-semibold text-muted hover:text-ink aria-[current=page]:border-brass aria-[current=page]:text-ink"
        >
          {label}
        </NavLink>
      ))}
    </nav>
  )
}
