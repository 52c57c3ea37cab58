'use client'

import { useRouter } from 'next/navigation'
import { startTransition, useEffect } from 'react'
import { MessagePage } from '@/components/message-page'

/** How soon it tries again by itself, in milliseconds. */
const EVERY = 5_000

/** What is shown when a page fails, until it works again. */
export default function ErrorPage({ reset }: { reset: () => void }) {
  const router = useRouter()
  useEffect(() => {
    const timer = setInterval(() => again(router, reset), EVERY)
    return () => clearInterval(timer)
  }, [router, reset])
  return (
    <MessagePage
      title="That did not work"
      lead="The service cannot be reached, or something is wrong on our side. This page tries again by itself."
    >
      <button className="button" onClick={() => again(router, reset)}>
        Try now
      </button>
    </MessagePage>
  )
}

// Only the server can say something else now: refresh asks it, reset shows it.
function again(router: ReturnType<typeof useRouter>, reset: () => void) {
  startTransition(() => {
    router.refresh()
    reset()
  })
}
