// Were the pool to fork its workers in another way, these tests would pass without having run on Node 20.
if (!process.version.startsWith("v20.")) throw new Error(`This is ${process.version}, not Node 20.`);
