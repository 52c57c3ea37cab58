// Package web serves the pages that are not the API: the landing page, the
// documentation (Swagger UI), the contract itself, and the page for paths that
// lead nowhere.
//
//	/                            landing page
//	/docs                        Swagger UI around /openapi.yaml
//	/docs/swagger-ui/…           its own files, compressed as they are embedded
//	/openapi.json, /openapi.yaml the contract
//	/assets/latchkey/…           our stylesheets, script and icon
//	/favicon.svg, /favicon.ico   the icon where browsers look for it
//	anything else                404, in the same dress
//
// Nothing is read from disk, no other host is ever asked for anything, and
// every answer carries a Content-Security-Policy without a single 'unsafe-':
// pages hold no inline script and no inline style. Files that change only with
// the binary have their content's checksum in their path and are cached for
// good; everything else is revalidated by ETag.
//
// Pages are rendered once, by New, so a broken template fails at start and not
// in front of a visitor. Swagger UI (1.6 MB) stays compressed inside the binary
// and is streamed from there.
//
//	site.go       which path is whose
//	page.go       the pages, from templates
//	document.go   a file in memory: its type, its ETag, whether it may be cached
//	static.go     our own files, under their checksums
//	swagger.go    Swagger UI's files, compressed as they are
//	headers.go    the policy, and what a client accepts
package web
