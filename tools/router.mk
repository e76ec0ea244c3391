# The learned model behind `dd0c route classify`: trained rarely, its table is in the tree (docs/classifier.md). Training alone needs these packages.
ROUTER_PACKAGES := numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
ROUTER_DATA     ?= ../shared/data/routing
ROUTER_PYTHON   := build/venv-router/bin/python

build/venv-router/ready: tools/router.mk
	$(PYTHON) -m venv build/venv-router && $(ROUTER_PYTHON) -m pip install -q --disable-pip-version-check $(ROUTER_PACKAGES) && touch $@

.PHONY: train-router score-router-held-out score-routing
train-router: build/venv-router/ready ; $(ROUTER_PYTHON) tools/train-router.py --data $(ROUTER_DATA) --only-table
score-router-held-out: build/venv-router/ready ; $(ROUTER_PYTHON) tools/train-router.py --data $(ROUTER_DATA) --only-score
score-routing: build/dd0c ; $(PYTHON) bench/routing.py --program build/dd0c --data $(ROUTER_DATA)
