'use client'

/** What is shown when even the layout fails; it has no stylesheet to rely on. */
export default function GlobalError() {
  return (
    <html lang="en">
      <body>
        <h1>That did not work</h1>
        <p>Something is wrong on our side. Load the page again in a moment.</p>
      </body>
    </html>
  )
}
