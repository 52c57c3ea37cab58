import type { NextConfig } from 'next'

const config: NextConfig = {
  output: 'standalone',
  // The app is this folder, whatever lock files lie in those above it.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  poweredByHeader: false,
  reactStrictMode: true,
}

export default config
