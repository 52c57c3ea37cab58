'use server'

import { revalidatePath } from 'next/cache'
import { redirect } from 'next/navigation'
import { updateCurrentUser } from '@/client'
import { askAsUser } from '@/latchkey/api'
import { text, type FormState } from '../form'
import { failed } from './outcome'

/** Saves one's names; or says why not. */
export async function saveNamesAction(_: FormState, form: FormData): Promise<FormState> {
  const body = { first_name: text(form, 'first_name'), last_name: text(form, 'last_name') }
  const { failure } = await askAsUser(updateCurrentUser, { body })
  if (failure) return failed(failure, body)
  revalidatePath('/account', 'layout') // whose heading has the name
  redirect('/account?done=names')
}
