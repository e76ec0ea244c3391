#include "scan/lower.h"
void dd_low_js(dd_low *cx) { (void)cx; }
