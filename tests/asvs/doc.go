// Command asvs makes docs/security.md: the requirements of OWASP ASVS 5.0 that concern
// us, what holds each, and the tests that prove it, which say so themselves in a comment
// above them: "ASVS 6.3.1, 6.3.8". It runs by go generate.
//
//	main.go           the page
//	tags.go           finding the tests
//	requirements.tsv  number, level, what is asked (in our words), what holds it
package main
