import { createClient } from '@hey-api/openapi-ts'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import config from '../openapi-ts.config'

const committed = resolve(import.meta.dirname, '../src/client')

/** Every file below a folder, by its path there. */
async function files(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const texts = found.map(async (file) => [relative(folder, file), await readFile(file, 'utf8')] as const)
  return Object.fromEntries(await Promise.all(texts))
}

test('the client is what the contract gives today', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-client-'))
  try {
    const given = await config
    const input = resolve(import.meta.dirname, '../../api/openapi.yaml')
    await createClient({
      ...(Array.isArray(given) ? given[0] : given),
      input,
      output: folder,
      logs: { level: 'silent' },
    })
    expect(await files(folder)).toEqual(await files(committed))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the client imports nothing from outside its folder, so that it can be copied', async () => {
  for (const [name, text] of Object.entries(await files(committed))) {
    for (const [, from] of text.matchAll(/(?:from|import)\s*\(?['"]([^'"]+)['"]/g)) {
      expect(from, name).toMatch(/^\.\.?(\/|$)/)
      expect(resolve(committed, name, '..', from!).startsWith(committed), `${name} imports ${from}`).toBe(true)
    }
  }
})
