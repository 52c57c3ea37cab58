/** Leads to the sign-in page. It is a form, so that it is a button without any script. */
export function SignInButton() {
  return (
    <form action="/login">
      <button className="button-primary">Sign in</button>
    </form>
  )
}
