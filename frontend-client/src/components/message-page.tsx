import type { ReactNode } from 'react'
import { LargeKey } from './mark'

type Props = { kicker?: string; title: string; lead: string; children?: ReactNode }

/** A page that has one thing to say. */
export function MessagePage({ kicker, title, lead, children }: Props) {
  return (
    <section className="m-auto flex w-full max-w-5xl items-center justify-between gap-12 px-5 py-16 sm:px-10">
      <div className="max-w-xl">
        {kicker && <p className="mb-3 font-mono font-semibold text-brass">{kicker}</p>}
        <h1 className="title">{title}</h1>
        <p className="lead mt-4">{lead}</p>
        {children && <div className="mt-8 flex flex-wrap gap-3">{children}</div>}
      </div>
      <LargeKey />
    </section>
  )
}
