// The npm packages of package-lock.json, in the build directory.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/// Installs them in `directory`, if they are not there already, and gives the function that loads one.
export function packages(directory) {
  const lock = readFileSync(join(here, 'package-lock.json'), 'utf8');
  const stamp = join(directory, 'installed.json');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    mkdirSync(directory, { recursive: true });
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) copyFileSync(join(here, file), join(directory, file));
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] });
    writeFileSync(stamp, lock);
  }
  return createRequire(join(directory, 'package.json'));
}
