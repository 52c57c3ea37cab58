'use server'

import { redirect } from 'next/navigation'
import { signOut } from '@/auth'

/** Ends the session, here and at the API, and leads home. */
export async function signOutAction(): Promise<void> {
  await signOut({ redirect: false })
  redirect('/')
}
