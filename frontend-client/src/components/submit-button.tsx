'use client'

import type { ReactNode } from 'react'
import { useFormStatus } from 'react-dom'

type Props = { children: ReactNode; busy: string; className: string }

/** A form's button, which says so while the form is on its way. */
export function SubmitButton({ children, busy, className }: Props) {
  const { pending } = useFormStatus()
  return (
    <button type="submit" className={className} disabled={pending}>
      {pending ? busy : children}
    </button>
  )
}
