// A browser for the tests: Chromium without a window, with an empty profile that goes when it ends.
import { packages } from './packages.mjs';

/// `env` is its environment, whose HOME has its database of trust.
export async function launch(chromium, directory, env = process.env) {
  const playwright = packages(directory)('playwright-core');
  return playwright.chromium.launch({
    executablePath: chromium,
    env,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
    ],
  });
}
