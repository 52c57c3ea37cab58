import { signOutAction } from '@/app/logout/actions'
import { SubmitButton } from './submit-button'

/** Ends the session, here and at the API. */
export function SignOutButton({ className = 'button' }: { className?: string }) {
  return (
    <form action={signOutAction}>
      <SubmitButton className={className} busy="Signing out …">
        Sign out
      </SubmitButton>
    </form>
  )
}
