// A browser for the tests: Firefox without a window, driven by WebDriver BiDi, with an empty profile that goes when it
// ends.
import { packages } from './packages.mjs';

export async function launch_firefox(firefox, directory) {
  const puppeteer = packages(directory)('puppeteer-core');
  return puppeteer.launch({ browser: 'firefox', executablePath: firefox, headless: true });
}
