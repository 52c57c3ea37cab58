import { defineConfig } from '@hey-api/openapi-ts'

// src/client/ is made from the contract and committed; a test makes it again
// and compares. It imports nothing of the app, so that it can be copied out.
export default defineConfig({
  input: '../api/openapi.yaml',
  output: 'src/client',
  plugins: ['@hey-api/typescript', '@hey-api/sdk', { name: '@hey-api/client-fetch', baseUrl: false }],
})
