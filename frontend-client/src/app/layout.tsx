import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { auth } from '@/auth'
import { Mark } from '@/components/mark'
import { NavLink } from '@/components/nav-link'
import './globals.css'

export const metadata: Metadata = {
  title: { default: 'latchkey', template: '%s · latchkey' },
  description: 'Sign in, see your account, sign out.',
  robots: { index: false },
}

export const viewport: Viewport = { colorScheme: 'light dark' }

export default async function RootLayout({ children }: { children: ReactNode }) {
  await headers() // every page has a nonce of its own, so none is rendered in advance
  const session = await auth()
  return (
    <html lang="en">
      <body>
        <a href="#content" className="button-primary absolute top-2 left-2 z-10 -translate-y-20 focus:translate-y-0">
          Skip to content
        </a>
        <header className="flex items-center justify-between gap-4 border-b border-line bg-card px-4 py-3 sm:px-10">
          <NavLink href="/" className="flex items-center gap-2.5 text-lg font-bold tracking-tight">
            <Mark className="size-8" />
            latchkey
          </NavLink>
          {session && (
            <nav aria-label="You" className="text-[0.95rem]">
              <NavLink href="/account" className="flex items-center gap-2 text-muted hover:text-ink">
                Account
              </NavLink>
            </nav>
          )}
        </header>
        <main id="content" tabIndex={-1} className="flex flex-1 flex-col">
          {children}
        </main>
        <footer className="border-t border-line px-4 py-3 text-sm text-muted sm:px-10">Sign-in by latchkey</footer>
      </body>
    </html>
  )
}
