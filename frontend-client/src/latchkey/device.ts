import 'server-only'
import { cookies } from 'next/headers'
import { isSecure } from './env'

/**
 * The cookie that tells this browser from strangers who guess at somebody's password. On
 * https no other subdomain can set it, as its name begins with `__Host-`.
 */
export const deviceCookie = () => (isSecure() ? '__Host-latchkey_device' : 'latchkey_device')

/** As long as browsers keep any cookie, in seconds: how long a device is known is the API's to say. */
const MAX_AGE = 400 * 24 * 60 * 60

/** What a login sends along of earlier ones in this browser. */
export async function knownDevice(): Promise<{ device_token?: string }> {
  const value = (await cookies()).get(deviceCookie())?.value
  return value ? { device_token: value } : {}
}

/** Keeps what a login has answered for the next one. Signing out leaves it: it lets nobody in. */
export async function keepDevice(token: string | undefined): Promise<void> {
  if (!token) return
  const options = { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure(), maxAge: MAX_AGE } as const
  ;(await cookies()).set(deviceCookie(), token, options)
}
