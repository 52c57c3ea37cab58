import { initials } from './initials'

/** A user's initials, for the eye: the name stands beside it. */
export function Avatar({ user }: { user: { name: string | null; email: string } }) {
  return (
    <span
      aria-hidden="true"
      className="flex size-14 shrink-0 items-center justify-center rounded-full bg-brass-soft text-xl font-bold text-brass"
    >
      {initials(user)}
    </span>
  )
}
