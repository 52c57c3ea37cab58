'use client'

import { useActionState } from 'react'
import { Field } from '@/components/field'
import { Notice } from '@/components/notice'
import { SubmitButton } from '@/components/submit-button'
import type { FormState } from '../../form'
import { changePasswordAction } from './actions'

type Props = { email: string; help: string; notice?: string }

/**
 * Changes one's password. No field has a maxlength: a browser would cut what is
 * pasted there, and say nothing.
 */
export function PasswordForm({ email, help, notice }: Props) {
  const [state, action] = useActionState<FormState, FormData>(changePasswordAction, {})
  const message = state.message ?? notice
  return (
    <form action={action} className="mt-5 grid gap-5">
      {message && <Notice message={message} isFault={state.message !== undefined} />}
      {/* For password managers, which else would not know whose it is. */}
      <input type="text" name="username" autoComplete="username" defaultValue={email} readOnly hidden />
      <Field
        name="current_password"
        label="Current password"
        type="password"
        autoComplete="current-password"
        fault={state.fields?.current_password}
      />
      <Field
        name="new_password"
        label="New password"
        type="password"
        autoComplete="new-password"
        help={help}
        fault={state.fields?.new_password}
      />
      <Field
        name="again"
        label="Confirm new password"
        type="password"
        autoComplete="new-password"
        fault={state.fields?.again}
      />
      <SubmitButton className="button-primary justify-self-start" busy="Changing …">
        Change password
      </SubmitButton>
    </form>
  )
}
