'use client'

import { useActionState } from 'react'
import { Field } from '@/components/field'
import { SubmitButton } from '@/components/submit-button'
import type { FormState } from '../form'
import { signInAction } from './actions'

/** The sign-in form. It works before its script is there, and without it. */
export function LoginForm({ callbackUrl, notice }: { callbackUrl: string; notice?: string }) {
  const [state, action] = useActionState<FormState, FormData>(signInAction, {})
  const message = state.message ?? notice
  const dress = state.message ? 'border-danger-line bg-danger-soft text-danger' : 'border-line bg-brass-soft'
  return (
    <form action={action} className="mt-6 grid gap-5">
      {message && (
        <p role="alert" className={`rounded-[10px] border px-4 py-3 ${dress}`}>
          {message}
        </p>
      )}
      <input type="hidden" name="callbackUrl" value={callbackUrl} />
      {/* Not type="email": browsers refuse, trim and rewrite addresses that the API takes. */}
      <Field
        name="username"
        label="E-mail address"
        type="text"
        inputMode="email"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={254}
        defaultValue={state.values?.username}
        fault={state.fields?.username}
      />
      <Field
        name="password"
        label="Password"
        type="password"
        autoComplete="current-password"
        fault={state.fields?.password}
      />
      <SubmitButton className="button-primary mt-1" busy="Signing in …">
        Sign in
      </SubmitButton>
    </form>
  )
}
