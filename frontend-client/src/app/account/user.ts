import 'server-only'
import { getCurrentUser } from '@/client'
import { askAsUser, dataOf } from '@/latchkey/api'
import { cache } from 'react'

/** Who is signed in, asked for once however many parts of a page show it. */
export const currentUser = cache(() => dataOf(askAsUser(getCurrentUser)))
