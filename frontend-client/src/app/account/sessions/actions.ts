'use server'

import { redirect } from 'next/navigation'
import { endOwnSession, logoutAll } from '@/client'
import { askAsUser, type Failure } from '@/latchkey/api'
import { text } from '../../form'
import { toLoginIfSignedOut } from '../outcome'

/** Ends one session. One that is over already is what was wished for. */
export async function endSessionAction(form: FormData): Promise<void> {
  const { failure } = await askAsUser(endOwnSession, { path: { id: text(form, 'id') } })
  await finish(failure?.status === 404 ? undefined : failure, 'one')
}

/** Ends all sessions but this one. */
export async function endOthersAction(): Promise<void> {
  const { failure } = await askAsUser(logoutAll, { query: { keep_current: true } })
  await finish(failure, 'others')
}

/** Goes back to the list, which says what became of it. */
async function finish(failure: Failure | undefined, done: string): Promise<never> {
  if (!failure) redirect(`/account/sessions?done=${done}`)
  await toLoginIfSignedOut(failure)
  redirect(`/account/sessions?${new URLSearchParams({ failed: failure.code })}`)
}
