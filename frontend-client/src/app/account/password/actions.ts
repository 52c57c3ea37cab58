'use server'

import { redirect } from 'next/navigation'
import { changePassword } from '@/client'
import { askAsUser } from '@/latchkey/api'
import { text, type FormState } from '../../form'
import { messageOf } from '../messages'
import { failed } from '../outcome'

/** Changes one's password, and ends all other sessions; or says why not. */
export async function changePasswordAction(_: FormState, form: FormData): Promise<FormState> {
  const body = { current_password: text(form, 'current_password'), new_password: text(form, 'new_password') }
  if (text(form, 'again') !== body.new_password) {
    return { message: messageOf('invalid_request'), fields: { again: 'The passwords do not match.' } }
  }
  const { failure } = await askAsUser(changePassword, { body })
  if (failure) return failed(failure)
  redirect('/account/password?done=password')
}
