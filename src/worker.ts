import { createTidings } from "./index.ts";

const tidings = createTidings();

export const { Channel, PublishService } = tidings;
export default tidings.app;
