import { auth } from '@/auth'
import { Avatar } from '@/components/avatar'
import { MessagePage } from '@/components/message-page'
import { NavLink } from '@/components/nav-link'
import { SignInButton } from '@/components/sign-in'
import { SignOutButton } from '@/components/sign-out'

export default async function Home() {
  const session = await auth()
  if (session) return <SignedIn user={session.user} />
  return (
    <MessagePage title="Good to see you." lead="Sign in with your e-mail address and password to see your account.">
      <SignInButton />
    </MessagePage>
  )
}

function SignedIn({ user }: { user: { name: string | null; email: string } }) {
  return (
    <section className="m-auto w-full max-w-xl px-5 py-16">
      <div className="panel">
        <div className="flex items-center gap-4">
          <Avatar user={user} />
          <div className="min-w-0">
            <p className="text-sm text-muted">Signed in as</p>
            <h1 className="text-2xl font-bold tracking-tight wrap-anywhere">{user.name ?? user.email}</h1>
            {user.name && <p className="text-muted wrap-anywhere">{user.email}</p>}
          </div>
        </div>
        <div className="mt-7 flex flex-wrap gap-3">
          <NavLink href="/account" className="button-primary">
            Your account
          </NavLink>
          <SignOutButton />
        </div>
      </div>
    </section>
  )
}
