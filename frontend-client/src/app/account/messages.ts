import { messageOf as signInMessage } from '../login/messages'

/** What to tell a person of a change that failed, by its problem `code`. */
export function messageOf(code: string, retryAfter?: number): string {
  switch (code) {
    case 'invalid_request':
      return 'Nothing was saved. Correct the errors below.'
    case 'too_many_attempts':
    case 'busy':
    case 'unreachable':
    case 'unavailable':
      return signInMessage({ code, retryAfter })
    default:
      return 'That did not work. Nothing was saved. Try again.'
  }
}
