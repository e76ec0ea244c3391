# The learned model behind `dd0c route classify`: trained rarely, its table is in the tree (docs/classifier.md). Training alone needs these packages.
ROUTER_PACKAGES := numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
ROUTER_DATA     ?= ../shared/data/routing

build/venv-router/bin/python: tools/router.mk
	$(PYTHON) -m venv build/venv-router && $@ -m pip install -q --disable-pip-version-check $(ROUTER_PACKAGES) && touch $@

.PHONY: train-router score-router-held-out score-routing
train-router: build/venv-router/bin/python ; $< tools/train-router.py --data $(ROUTER_DATA) --only-table
score-router-held-out: build/venv-router/bin/python ; $< tools/train-router.py --data $(ROUTER_DATA) --only-score
score-routing: build/dd0c ; $(PYTHON) bench/routing.py --program build/dd0c --data $(ROUTER_DATA)
