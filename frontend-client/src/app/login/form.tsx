'use client'

import { useActionState } from 'react'
import { SubmitButton } from '@/components/submit-button'
import { signInAction, type LoginState } from './actions'

/** The sign-in form. It works before its script is there, and without it. */
export function LoginForm({ callbackUrl, notice }: { callbackUrl: string; notice?: string }) {
  const [state, action] = useActionState<LoginState, FormData>(signInAction, {})
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
        defaultValue={state.username}
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

type FieldProps = React.ComponentProps<'input'> & { name: string; label: string; fault?: string }

function Field({ name, label, fault, ...input }: FieldProps) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor={name} className="font-semibold">
        {label}
      </label>
      <input
        id={name}
        name={name}
        required
        aria-invalid={fault ? true : undefined}
        aria-describedby={fault ? `${name}-fault` : undefined}
        className="w-full rounded-[10px] border border-field bg-ground px-3.5 py-2.5 aria-invalid:border-danger"
        {...input}
      />
      {fault && (
        <p id={`${name}-fault`} className="text-sm text-danger">
          {fault}
        </p>
      )}
    </div>
  )
}
