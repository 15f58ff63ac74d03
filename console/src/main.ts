import { ChannelStates } from "./channel-state.ts";
import { Charts } from "./charts.ts";
import { EventList } from "./event-list.ts";
import { showPublishing } from "./publish-form.ts";
import { Session } from "./session.ts";
import { showSignIn } from "./sign-in.ts";
import { SubscribeForm } from "./subscribe-form.ts";

const session = new Session();
const list = new EventList();
const charts = new Charts();
const states = new ChannelStates(session);
new SubscribeForm(session, { list, charts, states });
showPublishing(session);
void showSignIn(session);
