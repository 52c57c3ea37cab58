import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { auth } from '@/auth'
import { MessagePage } from '@/components/message-page'
import { NavLink } from '@/components/nav-link'
import { SignOutButton } from '@/components/sign-out'

export const metadata: Metadata = { title: 'Sign out' }

export default async function LogoutPage() {
  const session = await auth()
  if (!session) redirect('/')
  return (
    <MessagePage title="Sign out?" lead={`You are signed in as ${session.user.name ?? session.user.email}.`}>
      <SignOutButton className="button-primary" />
      <NavLink href="/" className="button">
        Stay signed in
      </NavLink>
    </MessagePage>
  )
}
