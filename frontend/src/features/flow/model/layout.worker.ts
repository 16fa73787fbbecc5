import { layOut, type LayoutRequest } from "./layOut";

addEventListener("message", (event: MessageEvent<LayoutRequest>) => postMessage(layOut(event.data)));
