// Preloaded: writes to standard output, when the process ends, the name of every module of Node that it has loaded.
process.on('exit', () => process.stdout.write(`builtins ${process.moduleLoadList.join(' ')}\n`));
