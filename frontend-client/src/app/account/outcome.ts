import 'server-only'
import { dataOf, type Failure, type Outcome } from '@/latchkey/api'
import type { FormState } from '../form'
import { faultsByField } from '../form'
import { messageOf } from './messages'

/** What a form shows of a failed call. Who is signed out is sent to /login and back. */
export async function failed(failure: Failure, values: FormState['values'] = {}): Promise<FormState> {
  await toLoginIfSignedOut(failure)
  return { message: messageOf(failure.code, failure.retryAfter), fields: faultsByField(failure.errors), values }
}

/** Sends who is signed out to /login and back; of other failures it does nothing. */
export async function toLoginIfSignedOut(failure: Failure): Promise<void> {
  if (failure.status === 401) await dataOf(Promise.resolve<Outcome<never>>({ failure }))
}
