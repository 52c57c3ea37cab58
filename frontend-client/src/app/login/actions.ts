'use server'

import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { SignInFailed, signIn } from '@/auth'
import { siteOrigin } from '@/latchkey/origin'
import { returnPath } from '@/latchkey/paths'
import { faultsByField, text, type FormState } from '../form'
import { messageOf } from './messages'

/** Signs in, and leads to where one came from; or says why not. */
export async function signInAction(_: FormState, form: FormData): Promise<FormState> {
  const username = text(form, 'username')
  try {
    await signIn('latchkey', { username, password: text(form, 'password'), redirect: false })
  } catch (error) {
    if (!(error instanceof SignInFailed)) throw error
    return { message: messageOf(error.failure), values: { username }, fields: faultsByField(error.failure.errors) }
  }
  redirect(returnPath(text(form, 'callbackUrl'), siteOrigin(await headers())))
}
