'use client'

import { useActionState } from 'react'
import type { User } from '@/client'
import { Field } from '@/components/field'
import { Notice } from '@/components/notice'
import { SubmitButton } from '@/components/submit-button'
import type { FormState } from '../form'
import { saveNamesAction } from './actions'

type Props = { user: Pick<User, 'first_name' | 'last_name'>; notice?: string }

/** One's names, to be changed. It works before its script is there, and without it. */
export function NamesForm({ user, notice }: Props) {
  const [state, action] = useActionState<FormState, FormData>(saveNamesAction, {})
  const message = state.message ?? notice
  return (
    <form action={action} className="mt-5 grid gap-5">
      {message && <Notice message={message} isFault={state.message !== undefined} />}
      <div className="grid gap-5 sm:grid-cols-2">
        <Field
          name="first_name"
          label="First name"
          required={false}
          autoComplete="given-name"
          maxLength={150}
          defaultValue={state.values?.first_name ?? user.first_name}
          fault={state.fields?.first_name}
        />
        <Field
          name="last_name"
          label="Last name"
          required={false}
          autoComplete="family-name"
          maxLength={150}
          defaultValue={state.values?.last_name ?? user.last_name}
          fault={state.fields?.last_name}
        />
      </div>
      <SubmitButton className="button-primary justify-self-start" busy="Saving …">
        Save changes
      </SubmitButton>
    </form>
  )
}
