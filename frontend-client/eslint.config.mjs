import next from 'eslint-config-next/core-web-vitals'
import typescript from 'eslint-config-next/typescript'
import { defineConfig, globalIgnores } from 'eslint/config'

export default defineConfig([
  ...next,
  ...typescript,
  // What is generated is as its generator writes it.
  globalIgnores(['.next/**', 'next-env.d.ts', 'src/client/**']),
])
