import type { Session } from '@/client'
import { DeviceIcon } from '@/components/device-icon'
import { SubmitButton } from '@/components/submit-button'
import { TimeAgo } from '@/components/time'
import { endSessionAction } from './actions'

/** One of the sessions, as the device that it is on. */
export function Device({ session, now }: { session: Session; now: Date }) {
  const { client, address, channel, current } = session
  return (
    <li className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-3 py-4 sm:grid-cols-[auto_1fr_auto]">
      <DeviceIcon client={client} />
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 font-semibold wrap-anywhere">
          {client}
          {current && <Badge>This device</Badge>}
          {channel === 'admin' && <Badge>Admin site</Badge>}
        </p>
        <p className="mt-0.5 text-sm wrap-anywhere text-muted">{address || 'Unknown address'}</p>
        <p className="text-sm text-muted">
          Signed in <TimeAgo at={session.created_at} now={now} />
          {!current && (
            <>
              {' · '}last renewed <TimeAgo at={session.renewed_at} now={now} />
            </>
          )}
        </p>
      </div>
      {!current && (
        <form action={endSessionAction} className="col-start-2 sm:col-start-3">
          <input type="hidden" name="id" value={session.id} />
          <SubmitButton className="button px-4 py-1.5 text-[0.95rem]" busy="Ending …">
            End session
            <span className="sr-only">
              {' '}
              of {client}, {address}
            </span>
          </SubmitButton>
        </form>
      )}
    </li>
  )
}

function Badge({ children }: { children: string }) {
  return (
    <span className="rounded-full bg-brass-soft px-2 py-0.5 text-xs font-semibold whitespace-nowrap text-brass">
      {children}
    </span>
  )
}
