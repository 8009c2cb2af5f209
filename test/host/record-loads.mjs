// Preloaded: writes to standard output, when the process ends, the URL of every module that was loaded from a package.
import { registerHooks } from 'node:module';

const loaded = [];
registerHooks({
  load(url, context, nextLoad) {
    if (url.includes('/node_modules/')) loaded.push(url);
    return nextLoad(url, context);
  },
});
process.on('exit', () => process.stdout.write(loaded.map((url) => `loaded ${url}\n`).join('')));
