import 'server-only'
import type { Problem, ProblemCode, Token } from '@/client'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { apiUrl } from './env'
import { readSession } from './session'
import { forwarded, visitorOf, vouching } from './visitor'

/**
 * How long the API may take to answer, in milliseconds. It tells of a database
 * that is gone within five seconds; a login waits for a password to be hashed.
 */
const TIMEOUT = 8_000

/** Why a call has no data. `code` is the API's, or `unreachable` when it gave no answer that is one. */
export type Failure = {
  code: ProblemCode | 'unreachable'
  status: number
  detail: string
  errors: NonNullable<Problem['errors']>
  /** Seconds to wait before the next try, where the API says so. */
  retryAfter?: number
}

/** What a call came to. */
export type Outcome<Data> = { data: Data; failure?: undefined } | { data?: undefined; failure: Failure }

// An operation of the generated client, as far as the functions below use it.
type Operation = (options: never) => Promise<{ data?: unknown; error?: unknown; response?: Response }>

// What the operation answers when all goes well.
type Data<O extends Operation> = NonNullable<Extract<Awaited<ReturnType<O>>, { response: unknown }>['data']>

// What a caller says of a call; the rest is said here.
type Options<O extends Operation> = Omit<
  NonNullable<Parameters<O>[0]>,
  'client' | 'baseUrl' | 'signal' | 'throwOnError' | 'url'
>

/**
 * Calls an operation of the API, and answers what it came to as a value: it
 * throws nothing. `auth` is the access token, where one is needed; `visitor` are the
 * headers of the request that it is called for; `valid` tells whether the data is what
 * it should be.
 */
export async function ask<O extends Operation>(
  operation: O,
  { valid = isObject, visitor, ...options }: Options<O> & { visitor?: Headers; valid?: (data: unknown) => boolean },
): Promise<Outcome<Data<O>>> {
  const who = visitor ? visitorOf(visitor) : {}
  const all = {
    cache: 'no-store',
    redirect: 'error',
    ...options,
    headers: { ...forwarded(who), ...(options.headers as Record<string, string>) },
    fetch: vouching(who, options.fetch as typeof fetch),
    baseUrl: apiUrl(),
    signal: AbortSignal.timeout(TIMEOUT),
  }
  try {
    const { data, error, response } = await operation(all as never)
    if (response?.status === 204 || (response?.ok && valid(data))) return { data: data as Data<O> }
    return { failure: toFailure(error, response) }
  } catch {
    return { failure: unreachable } // half an answer, or HTML that calls itself JSON
  }
}

/**
 * Calls a protected operation for whoever is signed in, from a page, a route
 * handler or a server action:
 *
 *     const { data, failure } = await askAsUser(getCurrentUser)
 */
export async function askAsUser<O extends Operation>(operation: O, options?: Options<O>): Promise<Outcome<Data<O>>> {
  const sent = await headers()
  const session = await readSession(sent)
  if (!session) return { failure: signedOut }
  return ask(operation, { ...(options as Options<O>), auth: session.access_token, visitor: sent })
}

/**
 * Gives the data of a call, for pages and server actions. Who is not signed in
 * is sent to /login and back; any other failure is the nearest error.tsx's.
 *
 *     const user = await dataOf(askAsUser(getCurrentUser))
 */
export async function dataOf<Data>(call: Promise<Outcome<Data>>): Promise<Data> {
  const { data, failure } = await call
  if (!failure) return data
  if (failure.status === 401) {
    const here = (await headers()).get('x-pathname') ?? '/'
    redirect(`/login?${new URLSearchParams({ callbackUrl: here })}`)
  }
  throw new Error(`${failure.code}: ${failure.detail}`)
}

/** Whether data is a token: a proxy in between may answer anything. */
export function isToken(data: unknown): data is Token {
  return (
    isObject(data) && typeof data.access_token === 'string' && isObject(data.user) && typeof data.user.id === 'number'
  )
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const signedOut: Failure = { code: 'authentication_required', status: 401, detail: 'Sign in to do this.', errors: [] }

const unreachable: Failure = {
  code: 'unreachable',
  status: 503,
  detail: 'The service cannot be reached right now. Try again in a moment.',
  errors: [],
}

// Only a problem document is the API's own word: a 401 of some proxy signs nobody out.
function toFailure(error: unknown, response: Response | undefined): Failure {
  const type = response?.headers.get('content-type') ?? ''
  if (!response || !type.startsWith('application/problem+json') || !isObject(error)) return unreachable
  const problem = error as Problem
  const retryAfter = Number(response.headers.get('retry-after')) || undefined
  return {
    code: problem.code,
    status: response.status,
    detail: problem.detail,
    errors: problem.errors ?? [],
    retryAfter,
  }
}
