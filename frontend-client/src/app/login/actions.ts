'use server'

import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { SignInFailed, signIn } from '@/auth'
import { siteOrigin } from '@/latchkey/origin'
import { returnPath } from '@/latchkey/paths'
import { messageOf } from './messages'

/** What the form shows after a failed try. */
export type LoginState = {
  message?: string
  /** What was typed, but for the password. */
  username?: string
  /** What is wrong with which field. */
  fields?: Record<string, string>
}

/** Signs in, and leads to where one came from; or says why not. */
export async function signInAction(_: LoginState, form: FormData): Promise<LoginState> {
  const username = text(form, 'username')
  try {
    await signIn('latchkey', { username, password: text(form, 'password'), redirect: false })
  } catch (error) {
    if (!(error instanceof SignInFailed)) throw error
    const fields = Object.fromEntries(error.failure.errors.map(({ field, message }) => [field, message]))
    return { message: messageOf(error.failure), username, fields }
  }
  redirect(returnPath(text(form, 'callbackUrl'), siteOrigin(await headers())))
}

function text(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
