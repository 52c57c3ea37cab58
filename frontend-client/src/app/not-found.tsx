import { MessagePage } from '@/components/message-page'
import { NavLink } from '@/components/nav-link'

export default function NotFound() {
  return (
    <MessagePage
      kicker="404"
      title="Nothing was found at this address."
      lead="The link may be old, or the address mistyped."
    >
      <NavLink href="/" className="button-primary">
        Go to the home page
      </NavLink>
    </MessagePage>
  )
}
