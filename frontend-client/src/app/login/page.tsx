import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { auth } from '@/auth'
import { returnPath } from '@/latchkey/paths'
import { siteOrigin } from '@/latchkey/origin'
import { LoginForm } from './form'
import { messageOf } from './messages'

export const metadata: Metadata = { title: 'Sign in' }

type Query = Record<string, string | string[] | undefined>

export default async function LoginPage({ searchParams }: { searchParams: Promise<Query> }) {
  const query = await searchParams
  const callbackUrl = returnPath(query.callbackUrl, siteOrigin(await headers()))
  if (await auth()) redirect(callbackUrl)
  return (
    <section className="m-auto w-full max-w-md px-5 py-12">
      <div className="panel">
        <h1 className="text-2xl font-bold tracking-tight">Sign in</h1>
        <LoginForm callbackUrl={callbackUrl} notice={noticeOf(query)} />
      </div>
    </section>
  )
}

/** What brought somebody here, if it was not their own wish: our `reason`, or Auth.js's `error`. */
function noticeOf({ reason, error, code }: Query): string | undefined {
  if (reason === 'session_ended') return 'You have been signed out. Sign in again to go on.'
  if (error) return messageOf({ code: error === 'CredentialsSignin' ? String(code) : String(error) })
}
