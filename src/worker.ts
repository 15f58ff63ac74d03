import { createTidings } from "./index.ts";

const tidings = createTidings();

export class Channel extends tidings.Channel {}
export class Metrics extends tidings.Metrics {}
export class PublishService extends tidings.PublishService {}
export default tidings.app;
