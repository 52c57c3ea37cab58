// Package breached asks a range service whether a password is known from a data breach, by
// k-anonymity: the service is told 5 of the 40 hexadecimal digits of the password's SHA-1,
// and answers all that begin with them, so that it does not learn which one was meant. Have I
// Been Pwned's Pwned Passwords is one (https://haveibeenpwned.com/API/v3#PwnedPasswords); its
// data can be served on one's own machine.
//
//	range.go   the question and the answer
package breached
